"""A run as one page of HTML that opens offline: program, graph, training, figures, samples."""
