"""The laboratory: what makes and judges stagers. The clinical line beside it imports nothing from here.

:mod:`~eegvlm.lab.simulation` and :mod:`~eegvlm.lab.datasets` give scored nights, :mod:`~eegvlm.lab.epochs` keeps their
epochs, :mod:`~eegvlm.lab.training` learns from them, :mod:`~eegvlm.lab.evaluation` judges, and
:mod:`~eegvlm.lab.cohort` stages thousands.
"""
