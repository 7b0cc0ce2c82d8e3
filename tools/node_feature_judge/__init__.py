"""Holds our reading of NodeFeatureRules against that of Node Feature Discovery itself."""
