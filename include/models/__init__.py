"""Container code: the program root of the serving and training images.

In an image this folder is `/opt/program`, so its modules import each other as `serving` and
`training`. Nothing here imports the rest of the product, and the product imports nothing here:
they meet in `contract/` alone.
"""
