"""What it takes to run made_np in Pyodide: its files, our wheel, a program."""
