"""What reacts at once in the browser: one folder a widget, with one Python file, one .js and one .css."""
