"""What programs may use besides: Django, kombu's names, abortable tasks, stores of their own, moving messages."""
