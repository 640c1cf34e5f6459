"""The commands. The only code that prints, reads the environment and exits."""
