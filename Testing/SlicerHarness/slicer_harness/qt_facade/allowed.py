# SPDX-License-Identifier: Apache-2.0
"""Classes of ``qt`` that module code may use: those that Qt 5.15 and Qt 6 share, listed by hand.

Methods, signals and properties are those of PySide6, except for names of Qt 6 or PySide only, see :data:`REFUSED`.
"""

from __future__ import annotations

CORE = """
QAbstractItemModel QBuffer QByteArray QCoreApplication QDate QDateTime QDir QElapsedTimer QEvent QEventLoop QFile
QFileInfo QIODevice QItemSelection QItemSelectionModel QLibraryInfo QLocale QMargins QMimeData QModelIndex QObject
QPoint QPointF QProcess QProcessEnvironment QRect QRectF QSettings QSignalBlocker QSize QSizeF QSortFilterProxyModel
QStandardPaths QSysInfo QTemporaryDir QTemporaryFile QTextStream QThread QTime QTimer QTranslator QUrl Qt
"""
GUI = """
QAction QActionGroup QBrush QClipboard QColor QCursor QDesktopServices QDoubleValidator QFont QFontDatabase
QFontMetrics QGuiApplication QIcon QImage QIntValidator QKeyEvent QKeySequence QMouseEvent QMovie QPainter QPalette
QPen QPixmap QPolygon QScreen QShortcut QStandardItem QStandardItemModel QTextCursor QTextDocument QWheelEvent
"""
WIDGETS = """
QAbstractButton QAbstractItemView QAbstractScrollArea QAbstractSlider QAbstractSpinBox QApplication QBoxLayout
QButtonGroup QCheckBox QColorDialog QComboBox QDialog QDialogButtonBox QDockWidget QDoubleSpinBox QFileDialog
QFormLayout QFrame QGridLayout QGroupBox QHBoxLayout QHeaderView QLabel QLayout QLayoutItem QLineEdit QListWidget
QListWidgetItem QMainWindow QMenu QMenuBar QMessageBox QPlainTextEdit QProgressBar QProgressDialog QPushButton
QRadioButton QScrollArea QScrollBar QSizePolicy QSlider QSpacerItem QSpinBox QSplitter QStackedLayout QStackedWidget
QStatusBar QStyle QStyleFactory QStyledItemDelegate QTabBar QTabWidget QTableView QTableWidget QTableWidgetItem
QTableWidgetSelectionRange QTextBrowser QTextEdit QToolBar QToolBox QToolButton QToolTip QTreeView QTreeWidget
QTreeWidgetItem QVBoxLayout QWidget QWidgetAction
"""

REFUSED = {
    "QCheckBox": {"checkStateChanged": "Qt 6.7"},
    "QColor": {"fromString": "Qt 6.4", "isValidColorName": "Qt 6.4"},
    "QImage": {"flip": "Qt 6.9", "flipped": "Qt 6.9"},
    "QMessageBox": {"setOption": "Qt 6.6", "testOption": "Qt 6.6"},
    "QMouseEvent": {"globalPosition": "Qt 6", "position": "Qt 6", "scenePosition": "Qt 6"},
    "QObject": {
        "emit": "PySide: call the signal, or its emit()",
        "receivers": "protected in C++",
        "sender": "protected in C++",
    },
    "QPixmap": {"deviceIndependentSize": "Qt 6.2"},
    "QProcess": {"startCommand": "Qt 6", "setUnixProcessParameters": "Qt 6.6", "failUnixChildProcess": "Qt 6.7"},
    "QTimer": {"callOnTimeout": "not wrapped by PythonQt", "chrono": "Qt 6", "remainingTimeAsDuration": "PySide"},
}
"""Names per class that PySide6 has and Slicer's qt does not; the value says since when or why."""

APPLICATION_PROPERTIES = ("applicationName", "applicationVersion", "organizationDomain", "organizationName")
"""Q_PROPERTYs of the application class; its other getters are static functions in Qt and stay functions."""
