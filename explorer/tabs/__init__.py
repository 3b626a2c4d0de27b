"""One concept a file. tab.find_tabs scans this package: adding a tab is adding a file that defines TAB."""
