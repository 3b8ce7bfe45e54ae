"""Programs for inference: tasks of the literature on simulation-based inference, and eight schools."""
