"""What runs need from Prefect besides tasks: how tasks are made and cached, fan-out, shared limits, artifacts, blocks, failures."""
