"""What an agent does with its phone and the call it is in; call control decides."""
