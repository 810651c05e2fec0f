# SPDX-License-Identifier: Apache-2.0
"""A place to render without a screen, and a clear word where there is none."""

from __future__ import annotations

import ctypes
import sys
from typing import Any

from ICHSegmentationLib.core.errors import ICHSegmentationError

_EGL_PLATFORM_SURFACELESS_MESA = 0x31DD
_EGL_PLATFORM_DEVICE_EXT = 0x313F
_INSTALL = (
    "No 3D picture was made: no OpenGL library for rendering without a screen was found. Install one, on Debian or "
    "Ubuntu with 'apt-get install libegl1 libegl-mesa0 libgl1-mesa-dri'; all other results are complete."
)


class NoGraphicsError(ICHSegmentationError):
    """No way to render in 3D on this machine; the message says what to install."""


def offscreen_window() -> Any:
    """Return a VTK render window that needs no screen.

    On Linux EGL is tried by hand first, because VTK ends the process where the library or its driver is missing, and
    OSMesa is the second choice; the window class is named, so that the application's own windows are left alone.

    Raises
    ------
    NoGraphicsError
        If nothing to render with was found.
    """
    import vtkmodules.vtkRenderingOpenGL2 as opengl

    window_class: Any
    if not sys.platform.startswith("linux"):
        from vtkmodules.vtkRenderingCore import vtkRenderWindow as window_class
    elif hasattr(opengl, "vtkEGLRenderWindow") and egl_works():
        window_class = opengl.vtkEGLRenderWindow
    elif hasattr(opengl, "vtkOSOpenGLRenderWindow") and _library("libOSMesa.so.8", "libOSMesa.so.6") is not None:
        window_class = opengl.vtkOSOpenGLRenderWindow
    else:
        raise NoGraphicsError(_INSTALL)
    window = window_class()
    window.SetOffScreenRendering(1)
    return window


def egl_works() -> bool:
    """Whether EGL can be loaded and a display without a screen answers; a library without a driver does not count."""
    egl = _library("libEGL.so.1")
    if egl is None:
        return False
    egl.eglGetProcAddress.restype = ctypes.c_void_p
    egl.eglGetProcAddress.argtypes = [ctypes.c_char_p]
    return any(_initializes(egl, platform, native) for platform, native in _displays(egl))


def _displays(egl: ctypes.CDLL) -> list[tuple[int, int | None]]:
    """Return (platform, native display) of each device that EGL lists, and of Mesa without any device."""
    displays: list[tuple[int, int | None]] = [(_EGL_PLATFORM_SURFACELESS_MESA, None)]
    address = egl.eglGetProcAddress(b"eglQueryDevicesEXT")
    if address:
        query = ctypes.CFUNCTYPE(
            ctypes.c_uint, ctypes.c_int, ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(ctypes.c_int)
        )(address)
        devices, count = (ctypes.c_void_p * 16)(), ctypes.c_int(0)
        if query(16, devices, ctypes.byref(count)):
            displays += [(_EGL_PLATFORM_DEVICE_EXT, devices[index]) for index in range(count.value)]
    return displays


def _initializes(egl: ctypes.CDLL, platform: int, native: int | None) -> bool:
    address = egl.eglGetProcAddress(b"eglGetPlatformDisplayEXT")
    if not address:
        return False
    get_display = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p)(address)
    display = get_display(platform, native, None)
    egl.eglInitialize.restype = ctypes.c_uint
    egl.eglInitialize.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    return bool(display) and bool(egl.eglInitialize(display, None, None))


def _library(*names: str) -> ctypes.CDLL | None:
    for name in names:
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    return None
