"""What every stage needs: numbers as values, errors in one line, files written whole, inputs that stay unchanged."""
