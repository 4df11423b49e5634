"""The life of keys as people see it: who may rotate, move, prove, split and destroy them, with the events of each."""
