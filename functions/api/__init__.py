"""What clients send and get: requests, answers and problems."""
