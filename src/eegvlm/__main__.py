"""``python -m eegvlm`` is the command ``eegvlm``."""

from eegvlm.cli import main

if __name__ == "__main__":
    main()
