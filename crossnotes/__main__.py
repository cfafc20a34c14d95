from crossnotes.cli import main

main(prog_name="crossnotes")
