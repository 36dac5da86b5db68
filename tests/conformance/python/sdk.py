"""Reads hubspot-sdk: which methods it has and which endpoint each calls.

Owns no case and calls no endpoint.
"""

import ast
import functools
import inspect
import re
import textwrap


def methods_of(client):
    """A map from dotted name ("crm.owners.list") to {"http", "path"} with parameters in braces.

    Raises where the package no longer looks as this reader expects, so that no method is lost.
    """
    found = {}
    for name, resource in resources_of(client):
        for method, function in vars(type(resource)).items():
            if method.startswith("_") or not inspect.isfunction(function):
                continue
            http, path = endpoint_of(f"{name}.{method}", function)
            found[f"{name}.{method}"] = {"http": http, "path": path}
    if len(found) < 300:
        raise RuntimeError(f"only {len(found)} methods were found")
    return found


def resources_of(at, name=""):
    for key, member in vars(type(at)).items():
        # Resources are cached properties; the two kinds of wrapper are other views of the same.
        if key.startswith("with_") or not isinstance(member, functools.cached_property):
            continue
        resource = getattr(at, key)
        path = f"{name}.{key}" if name else key
        yield path, resource
        yield from resources_of(resource, path)


VERBS = {"_get": "GET", "_post": "POST", "_put": "PUT", "_patch": "PATCH", "_delete": "DELETE"}


def endpoint_of(name, function):
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            continue
        verb = call.func.attr
        if verb in VERBS:
            return VERBS[verb], literal(name, call.args[0])
        if verb == "_get_api_list":
            given = {word.arg: word.value for word in call.keywords}
            method = given["method"].value.upper() if "method" in given else "GET"
            return method, literal(name, call.args[0])
    raise RuntimeError(f"no endpoint was found for {name}")


def literal(name, node):
    if isinstance(node, ast.Call):  # path_template("/…/{id}", id=id)
        node = node.args[0]
    if not isinstance(node, ast.Constant) or not re.fullmatch(r"/\S+", node.value):
        raise RuntimeError(f"the path of {name} is not a literal")
    return node.value
