"""Calls the deployed functions as the platform does, without a network."""

import flask


def call(function, **request):
    app = flask.Flask("test")
    with app.test_request_context(**request):
        return flask.make_response(function(flask.request))


def post(function, body, **headers):
    return call(function, method="POST", json=body, headers=headers)
