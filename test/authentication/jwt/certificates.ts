// Made with `openssl req -x509 -nodes -days 36500`, as the unit tests start no program.

/** When the certificates begin and end, in Unix milliseconds. */
export const certificateLife = {
  beginsAtMs: Date.UTC(2026, 10, 29, 7, 51, 30),
  endsAtMs: Date.UTC(2126, 10, 5, 7, 51, 30),
};

/** Of a key on P-256, signed by itself. */
export const ecCertificate = `-----BEGIN CERTIFICATE-----
MIIBgjCCASmgAwIBAgIUPilDnihehrB+rI/xoThkWdHhpoAwCgYIKoZIzj0EAwIw
FjEUMBIGA1UEAwwLaXNzdWVyLnRlc3QwIBcNMjYxMTI5MDc1MTMwWhgPMjEyNjEx
MDUwNzUxMzBaMBYxFDASBgNVBAMMC2lzc3Vlci50ZXN0MFkwEwYHKoZIzj0CAQYI
KoZIzj0DAQcDQgAEB2Sc9lyFmxo7miOZObDlfX98UxZM0IVh2TKZ2bvVmmTptvDV
6r7vOy57AbpcmfN4XZkwbZHSj1rMwNfArh25j6NTMFEwHQYDVR0OBBYEFBgJNHGx
xG1coHvapD9JJdzSwCFVMB8GA1UdIwQYMBaAFBgJNHGxxG1coHvapD9JJdzSwCFV
MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgEG4CpVUCiZ6DB7gy
YqNt9sJHuEXNGce4XnV8H5BfAmACIC2GzvHK6DapZuAUOiEjVZCFwIXzD1mJm1dP
EqJITiYg
-----END CERTIFICATE-----
`;

/** Its private key. */
export const ecCertificateKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg6/yvU8BHz7rQuKRu
8rdByO6maRVy0osLjTBjIviA/5KhRANCAAQHZJz2XIWbGjuaI5k5sOV9f3xTFkzQ
hWHZMpnZu9WaZOm28NXqvu87LnsBulyZ83hdmTBtkdKPWszA18CuHbmP
-----END PRIVATE KEY-----
`;

/** Of an RSA key of 1024 bits. */
export const shortRsaCertificate = `-----BEGIN CERTIFICATE-----
MIICCDCCAXGgAwIBAgIUZNP6tSVUUeDYreC/AqWdVeqjgJ4wDQYJKoZIhvcNAQEL
BQAwFTETMBEGA1UEAwwKc2hvcnQudGVzdDAgFw0yNjExMjkwNzUxMzBaGA8yMTI2
MTEwNTA3NTEzMFowFTETMBEGA1UEAwwKc2hvcnQudGVzdDCBnzANBgkqhkiG9w0B
AQEFAAOBjQAwgYkCgYEAvsyDKgknGWC1vgBVUg1QLjI8N9UXfA6G1+uEIBvo0E8s
R6sQtRs7wbD0NtsNV6Sblmiev/cvo2Qv2vFMvmV2/hx6OJGT3OzH7Eq+vEGanWpD
Kf/JXT/ocJh91DwhWVO8YI3ijXJLuXvVwhjsFktvJeTCVEJQt/oFkNH1/TVd6w0C
AwEAAaNTMFEwHQYDVR0OBBYEFHYJOc+gDVoDOEEBgglKEOcdzfmIMB8GA1UdIwQY
MBaAFHYJOc+gDVoDOEEBgglKEOcdzfmIMA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZI
hvcNAQELBQADgYEAZ3AGc/j0Mz3IehdzBgFgceXE4/ibYuDC4k0mO0HLob4N0ML6
1Qei2VuoUdLVTTlf3YlcshFp5oxoUsu8TJqy0brrWE4DflRGvUhhcpsQojtQsdc+
+ep/vfifz+F5RqPV0FZN+YiyYjXdu/IFbg0+MUoAUFBmikirKXjTSqv8fMk=
-----END CERTIFICATE-----
`;
