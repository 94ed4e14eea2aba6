"""What the functions do, in terms of the domain and the ports."""
