"""The JSON inside strings: configs of the device plugins, IPAM and CNI."""
