import datetime

from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetIceServersRequest(_message.Message):
    __slots__ = ("region", "ttl_seconds", "max_urls", "user", "client_address")
    REGION_FIELD_NUMBER: _ClassVar[int]
    TTL_SECONDS_FIELD_NUMBER: _ClassVar[int]
    MAX_URLS_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    region: str
    ttl_seconds: int
    max_urls: int
    user: str
    client_address: str
    def __init__(self, region: _Optional[str] = ..., ttl_seconds: _Optional[int] = ..., max_urls: _Optional[int] = ..., user: _Optional[str] = ..., client_address: _Optional[str] = ...) -> None: ...

class GetIceServersResponse(_message.Message):
    __slots__ = ("ice_servers", "expire_time", "ttl_seconds", "region")
    ICE_SERVERS_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    TTL_SECONDS_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    ice_servers: _containers.RepeatedCompositeFieldContainer[IceServer]
    expire_time: _timestamp_pb2.Timestamp
    ttl_seconds: int
    region: str
    def __init__(self, ice_servers: _Optional[_Iterable[_Union[IceServer, _Mapping]]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ttl_seconds: _Optional[int] = ..., region: _Optional[str] = ...) -> None: ...

class WatchIceServersRequest(_message.Message):
    __slots__ = ("region", "ttl_seconds", "max_urls", "user", "client_address")
    REGION_FIELD_NUMBER: _ClassVar[int]
    TTL_SECONDS_FIELD_NUMBER: _ClassVar[int]
    MAX_URLS_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    region: str
    ttl_seconds: int
    max_urls: int
    user: str
    client_address: str
    def __init__(self, region: _Optional[str] = ..., ttl_seconds: _Optional[int] = ..., max_urls: _Optional[int] = ..., user: _Optional[str] = ..., client_address: _Optional[str] = ...) -> None: ...

class WatchIceServersResponse(_message.Message):
    __slots__ = ("response",)
    RESPONSE_FIELD_NUMBER: _ClassVar[int]
    response: GetIceServersResponse
    def __init__(self, response: _Optional[_Union[GetIceServersResponse, _Mapping]] = ...) -> None: ...

class IceServer(_message.Message):
    __slots__ = ("urls", "username", "credential")
    URLS_FIELD_NUMBER: _ClassVar[int]
    USERNAME_FIELD_NUMBER: _ClassVar[int]
    CREDENTIAL_FIELD_NUMBER: _ClassVar[int]
    urls: _containers.RepeatedScalarFieldContainer[str]
    username: str
    credential: str
    def __init__(self, urls: _Optional[_Iterable[str]] = ..., username: _Optional[str] = ..., credential: _Optional[str] = ...) -> None: ...
