"""The formats of scorings, one file each; ``registry`` lists and recognises them."""
