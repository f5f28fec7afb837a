"""Labels of each kind, to codes and back."""
