"""What is true without a computer: people, numbers, months, money."""
