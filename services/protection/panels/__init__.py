"""What protection shows of a case at the desk and offers to do there: one module a matter.

What is shown are the same views that the API answers with. What is offered is what the rules of the workflow would let
count if this officer said it now (`services.node.web.present`); where a form leaves something to be filled in, a
specimen stands for it.
"""
