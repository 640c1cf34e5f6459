"""Grade a whole class: find what was handed in, grade it, remember it, hand it back."""
