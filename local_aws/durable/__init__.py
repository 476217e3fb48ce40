"""MiniStack that loses no acknowledged write when it is killed.

By itself MiniStack keeps S3 objects on disk and writes everything else down when it is told to end.
AWS never loses what it has acknowledged, and a platform whose recovery is to be shown needs an AWS
that behaves so. This package wraps MiniStack's ASGI application:

- item writes of DynamoDB are appended to a journal before they are answered, and replayed over the
  last snapshot at the next start;
- any other change (queues and messages, bucket settings, topics, alarms, stacks) is answered once
  the state of its service is saved, requests that arrive together sharing one save;
- metrics, logs and deliveries that no request waits for are saved a quarter of a second later, and
  what is large more seldom, so that it takes no more than a twentieth of the time.

It holds against the death of the process, not of the machine: nothing is forced to the disk.
"""
