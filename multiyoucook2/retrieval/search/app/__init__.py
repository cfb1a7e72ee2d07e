"""A local page to search with: ``server.serve(index)``. Plain forms and one small script; nothing comes from outside.

Needs the extra ``web`` (Starlette, uvicorn); Jinja makes the pages.
"""
