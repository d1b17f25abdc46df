"""The pack language, its evaluation, and the texts it speaks with. Pure."""
