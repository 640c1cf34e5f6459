"""What was handed in: finds the students and their programs in a folder or an archive.

Everything found is hostile: nothing is run, written or followed here.
"""
