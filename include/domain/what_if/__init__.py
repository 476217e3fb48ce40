"""What would it cost, and how long would it take, on other terms? Pure; every number is given."""
