"""The process that talks to the broker: consume, intake, dispatch, settle. It never runs a task."""
