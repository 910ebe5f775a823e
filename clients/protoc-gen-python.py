"""A protoc plugin that generates messages, their types, and stubs with grpcio-tools.

grpcio-tools (PyPI) brings protoc with these generators inside, but no plugin that buf could run.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from google.protobuf.compiler.plugin_pb2 import CodeGeneratorRequest, CodeGeneratorResponse
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from grpc_tools import protoc

request = CodeGeneratorRequest.FromString(sys.stdin.buffer.read())
response = CodeGeneratorResponse(
    supported_features=CodeGeneratorResponse.FEATURE_PROTO3_OPTIONAL
)
with TemporaryDirectory() as directory:
    schema = Path(directory, "schema.binpb")
    schema.write_bytes(FileDescriptorSet(file=request.proto_file).SerializeToString())
    out = Path(directory, "out")
    out.mkdir()
    status = protoc.main(
        [
            "protoc",
            f"--descriptor_set_in={schema}",
            *(f"--{generator}_out={out}" for generator in ("python", "pyi", "grpc_python")),
            *request.file_to_generate,
        ]
    )
    if status != 0:
        sys.exit(status)
    for file in sorted(path for path in out.rglob("*") if path.is_file()):
        response.file.add(name=str(file.relative_to(out)), content=file.read_text())
sys.stdout.buffer.write(response.SerializeToString())
