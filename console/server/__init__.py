"""The operator's server: a web page on this computer, its sockets, and the links to the vehicles."""
