from contracts.report import Report
from services.intake.api import report_body


def test_the_documented_report_is_complete_in_itself() -> None:
    """Whoever generates a client from the OpenAPI document finds the whole report there, with no dangling reference."""
    text = str(report_body())
    assert "$ref" not in text
    assert "$defs" not in text
    assert all(f"'{field}'" in text for field in Report.model_fields)
