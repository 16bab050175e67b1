"""HTTP as every service speaks it: problems in two languages, correlation, health, metrics and a graceful end."""

from shared.web.bodies import read_body, read_body_as, read_bytes, read_json, read_json_bytes
from shared.web.correlation import CORRELATION_HEADER, CorrelationMiddleware
from shared.web.headers import HeadersMiddleware
from shared.web.health import Check, health_routes
from shared.web.metrics import metrics_route
from shared.web.operations import Body, Header, Operation, Parameter, operation
from shared.web.problems import Problem, Text, exception_handlers, problem_response
from shared.web.serving import serve
from shared.web.validation import FieldError, field_errors

__all__ = [
    "CORRELATION_HEADER",
    "Body",
    "Check",
    "CorrelationMiddleware",
    "FieldError",
    "Header",
    "HeadersMiddleware",
    "Operation",
    "Parameter",
    "Problem",
    "Text",
    "exception_handlers",
    "field_errors",
    "health_routes",
    "metrics_route",
    "operation",
    "problem_response",
    "read_body",
    "read_body_as",
    "read_bytes",
    "read_json",
    "read_json_bytes",
    "serve",
]
