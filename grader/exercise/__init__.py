"""YAML to frozen data: the model, the loader, expressions, the plan, finding files."""
