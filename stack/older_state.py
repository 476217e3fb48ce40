"""What to do when the state folder is of an older version that cannot be brought up to date."""

from pathlib import Path

#: How CloudFormation calls a stack that it could not bring up to date, and left as it was.
_ROLLED_BACK = "UPDATE_ROLLBACK"


def with_next_step(failure: str, state: Path) -> str:
    """Return a failed step's message, with what to do where the state's age is at fault."""
    if _ROLLED_BACK not in failure:
        return failure
    return (
        f"{failure}\n"
        f"The cloud resources in {state} were made by another version and could not be updated; "
        "they are as they were. To begin anew without batches, models and results: "
        "make clean, then make up. To keep them: go back to the version that made them."
    )
