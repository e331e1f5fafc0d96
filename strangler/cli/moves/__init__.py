"""The actions of `strangler move SERVICE ACTION`, one short file for each."""
