"""What the components refuse or misread when they start: device plugins, CNI and IPAM plugins, Multus, NFD, admission."""
