"""Numbers about networks: functions of arrays."""
