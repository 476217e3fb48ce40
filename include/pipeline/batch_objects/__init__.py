"""What a batch's steps leave for each other: where it stands, what it says, how it is kept."""
