"""What happens now, relayed from the controller to browsers."""
