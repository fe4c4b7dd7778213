"""Sleep staging by reading pictures of the polysomnogram with a hierarchical vision-language model.

The rooms of the house, in the order in which data walks through them: :mod:`eegvlm.signals`,
:mod:`eegvlm.hypnogram`, :mod:`eegvlm.simulation`, :mod:`eegvlm.datasets`, :mod:`eegvlm.images`,
:mod:`eegvlm.model`, :mod:`eegvlm.training`, :mod:`eegvlm.staging`, :mod:`eegvlm.evaluation`, :mod:`eegvlm.cli`.
Nothing is imported here, so that ``import eegvlm`` stays instant.
"""

__version__ = "0.1.0"
