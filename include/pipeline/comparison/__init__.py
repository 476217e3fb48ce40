"""A challenger beside the champion on live work: started, fed, ended, reported."""
