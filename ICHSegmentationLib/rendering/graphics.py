# SPDX-License-Identifier: Apache-2.0
"""Off-screen render windows."""

from __future__ import annotations

import ctypes
import sys
from typing import Any

from ICHSegmentationLib.core.errors import ICHSegmentationError
from ICHSegmentationLib.core.messages import message

_EGL_PLATFORM_SURFACELESS_MESA = 0x31DD
_EGL_PLATFORM_DEVICE_EXT = 0x313F


class NoGraphicsError(ICHSegmentationError):
    """Rendering in 3D is impossible on this computer; the message says what to install."""


def offscreen_window() -> Any:
    """Return a VTK render window that needs no screen.

    On Linux EGL is tested first, because VTK terminates the process if the library or its driver is missing; OSMesa is
    the second choice. The window class is named explicitly, so that the windows of an application are not affected.

    Raises
    ------
    NoGraphicsError
        If no OpenGL library was found.
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
        raise NoGraphicsError(message("rendering.no_opengl"))
    window = window_class()
    window.SetOffScreenRendering(1)
    return window


def egl_works() -> bool:
    """Whether EGL can be loaded and initializes a display without a screen, which needs a driver."""
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
