"""`celeriac graph`: drawings in DOT, the language of Graphviz."""
